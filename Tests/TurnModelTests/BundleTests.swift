import Testing
import TurnModel

@Suite struct BundleTests {
    private static func bundle(_ types: String, _ enums: String = "{}") throws -> TypeBundle {
        try TypeBundle(
            parsing: Array(#"{"registry_version":1,"bundle_id":"b","types":\#(types),"enums":\#(enums)}"#.utf8))
    }

    @Test func `reads fields, items, renderers and enums, and skips what it does not know`() throws {
        let bundle = try Self.bundle(
            """
            {"T":{"versions":{"3":{"fields":{
                "1":{"name":"a","type":"array","items":{"type":"ref","ref":"U"},"semantic":"x"},
                "2":{"name":"b","type":"array","items":"string","optional":true},
                "18446744073709551615":{"name":"c","type":"u32","enum":"E","ref":"U"}},
                "renderer":{"esm_url":"https://r","component":"C"},"x":1}}}}
            """, #"{"E":{"0":"zero"}}"#)
        let type = try #require(bundle.types["T"]?[3])
        #expect(type.fields[1]?.items == .reference("U"))
        #expect(type.fields[2]?.items == .type("string") && type.fields[2]?.isOptional == true)
        #expect(type.fields[.max]?.enumID == "E" && type.fields[.max]?.reference == "U")
        #expect(type.renderer?.component == "C" && type.renderer?.integrity == nil)
        #expect(bundle.enums == ["E": [0: "zero"]])
    }

    @Test(arguments: [
        ("[]", "bundle_id is missing"), (#"{"bundle_id":"b"}"#, "registry_version must be a whole number above 0"),
        (#"{"bundle_id":"b","registry_version":0,"types":{}}"#, "registry_version must be a whole number above 0"),
        (#"{"bundle_id":"b","registry_version":1}"#, "types is missing"),
        (#"{"bundle_id":"b","registry_version":1,"types":{"T":{}}}"#, "type T has no versions"),
        (
            #"{"bundle_id":"b","registry_version":1,"types":{"T":{"versions":{"+1":{"fields":{}}}}}}"#,
            #"version "+1" of type T is no decimal number"#
        ),
        (
            #"{"bundle_id":"b","registry_version":1,"types":{"T":{"versions":{"1":{"fields":{"x":{}}}}}}}"#,
            #"tag "x" of T v1 is no decimal number"#
        ),
        (
            #"{"bundle_id":"b","registry_version":1,"types":{"T":{"versions":{"1":{"fields":{"1":{}}}}}}}"#,
            "field 1 of T v1 needs name and type"
        ),
    ])
    func `says what is wrong`(json: String, message: String) {
        let error = #expect(throws: BundleError.self) { try TypeBundle(parsing: Array(json.utf8)) }
        #expect(error?.description == message)
    }

    @Test func `takes a bundle whole, or stays as it was`() throws {
        var registry = TypeRegistry()
        try registry.add(
            Self.bundle(
                #"{"T":{"versions":{"1":{"fields":{"1":{"name":"a","type":"string"}}}}}}"#, #"{"E":{"0":"z"}}"#))
        let before = registry
        for bad in [
            try Self.bundle(#"{"A":{"versions":{"1":{"fields":{"1":{"name":"a","type":"u8","enum":"X"}}}}}}"#),
            try Self.bundle(#"{"T":{"versions":{"2":{"fields":{"1":{"name":"a","type":"u64"}}}}}}"#),
            try Self.bundle(#"{"A":{"versions":{"1":{"fields":{}}}}}"#, #"{"E":{"0":"other"}}"#),
        ] {
            #expect(throws: BundleError.self) { try registry.add(bad) }
            #expect(registry == before)
        }
    }

    @Test func `lets names change between versions, and a renderer come later`() throws {
        var registry = TypeRegistry()
        try registry.add(Self.bundle(#"{"T":{"versions":{"1":{"fields":{"1":{"name":"a","type":"string"}}}}}}"#))
        try registry.add(
            Self.bundle(
                #"{"T":{"versions":{"1":{"fields":{"1":{"name":"a","type":"string"}},"renderer":{"esm_url":"r"}}}}}"#))
        try registry.add(Self.bundle(#"{"T":{"versions":{"2":{"fields":{"1":{"name":"b","type":"string"}}}}}}"#))
        #expect(registry.type(TurnType("T", version: 1))?.renderer?.address == "r")
        #expect(registry.latest(of: "T")?.version == 2)
        #expect(registry.typeIDs == ["T"])
    }
}
