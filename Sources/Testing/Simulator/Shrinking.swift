/// Makes a list that shows a fault as short as may be (delta debugging, A. Zeller 2002).
package enum Shrinking {
    /// - Parameters:
    ///   - budget: How often the list is tried at most.
    ///   - fails: Whether a shorter list still shows the fault.
    /// - Returns: A part of `list`, in its order, that failed when it was tried last; `list` itself if no part did.
    package static func minimal<Element>(
        _ list: [Element], budget: Int = 200, while fails: ([Element]) async -> Bool
    ) async -> [Element] {
        var (list, left) = (list, budget)
        var size = max(1, list.count / 2)
        while left > 0, !list.isEmpty {
            var start = 0
            var isShorter = false
            while start < list.count, left > 0 {
                let shorter = Array(list[..<start] + list[min(list.count, start + size)...])
                left -= 1
                if await fails(shorter) { (list, isShorter) = (shorter, true) } else { start += size }
            }
            if size == 1, !isShorter { break }
            size = isShorter ? min(size, max(1, list.count / 2)) : max(1, size / 2)
        }
        return list
    }
}
