import Testing
import Vocabulary

@Suite struct `An identifier` {
    @Test func `reads what it prints`() throws {
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let id = AppID.random(using: &dice)
            #expect(id.isVersion4)
            #expect(AppID(id.description) == id)
            #expect(AppID(id.description.uppercased()) == id)
            #expect(AppID(bytes: id.bytes) == id)
        }
    }

    @Test func `prints the text form of RFC 9562`() {
        let id = AppID(high: 0x550e_8400_e29b_41d4, low: 0xa716_4466_5544_0000)
        #expect(id.description == "550e8400-e29b-41d4-a716-446655440000")
        #expect(id.short == "550e8400")
    }

    @Test(arguments: [
        "", "550e8400", "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
        "550e8400ae29b-41d4-a716-446655440000", "g50e8400-e29b-41d4-a716-446655440000",
        "{50e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-44665544000é",
    ])
    func `refuses what is not a UUID`(text: String) {
        #expect(AppID(text) == nil)
    }
}
