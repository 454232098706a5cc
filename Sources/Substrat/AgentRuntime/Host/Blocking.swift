import Dispatch

/// Does blocking work on a thread of its own, so that none of the few that run tasks waits for a disk.
func onThreadOfItsOwn<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { waiter in
        DispatchQueue(label: "substrat.blocking").async {
            do throws(Failure) {
                waiter.resume(returning: .success(try work()))
            } catch {
                waiter.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
