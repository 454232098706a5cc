extension Double {
    /// The same number as an integer, if there is one.
    ///
    /// `Int64(exactly:)` calls libm, which programs without Glibc or Foundation do not link in release builds.
    var asInt64: Int64? {
        guard self >= -0x1p63, self < 0x1p63 else { return nil }
        let whole = Int64(self)
        return Double(whole) == self ? whole : nil
    }
}
