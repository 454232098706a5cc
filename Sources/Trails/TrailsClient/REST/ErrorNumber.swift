#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The system's words for its error numbers.
enum ErrorNumber {
    /// Lower case, as in "connection refused".
    static func text(of number: Int32) -> String {
        String(cString: strerror(number)).lowercased()
    }
}
