package import TrailsCore
package import Vocabulary

/// `POST /apps/{id}/bind`: from where the key of an app may be used. No ranges at all is from anywhere.
package struct BindBody: WireRecord {
    package var ranges: [AddressRange]

    package init(ranges: [AddressRange]) { self.ranges = ranges }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.ranges = try fields.need("cidrs", .list(.addressRange, countMax: BindRequest.rangesMax))
    }

    package var members: JSONObject { .of(("cidrs", self.ranges.map(\.description))) }
}

extension FieldKind<AddressRange> {
    fileprivate static let addressRange = Self { value throws(FrameError) in
        guard let range = value.string.flatMap({ AddressRange($0) }) else {
            throw FrameError(
                .badMessage, "is not an address range in CIDR form",
                hint: "for example 10.1.0.0/16; all bits after the first 16 are 0")
        }
        return range
    }
}
