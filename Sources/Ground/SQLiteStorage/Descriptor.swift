#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The calls of the system whose names are taken by methods here.

/// Opens `path`; negative when that failed, and `errno` says why.
func openDescriptor(_ path: String, _ flags: Int32) -> Int32 { open(path, flags | O_CLOEXEC, 0o600) }

func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
