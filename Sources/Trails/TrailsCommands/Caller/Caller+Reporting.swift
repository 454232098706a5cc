import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

extension Caller {
    /// Reports in the name of who-am-I. A server that is away for a moment is waited for.
    func report(_ kind: MessageKind, _ payload: JSONValue) async throws {
        var dice = SystemRandomNumberGenerator()
        let identity = try self.whoAmI()
        let message = PostedMessage(
            messageID: .random(using: &dice), kind: kind, timestamp: .now(), payload: payload)
        let api = self.api(identity, patience: kind == .status ? .seconds(2) : .seconds(10))
        let receipt = try await api.report(
            message, of: identity.appID, enrolment: identity.enrolment, name: identity.name ?? "",
            process: ThisProcess.callerInfo(), as: identity.credentials)
        guard !receipt.status.isFenced else {
            throw CommandFailure(
                4, "\(identity.label) was cancelled; the report is stored and changes nothing",
                hint: "the work should end here")
        }
        if receipt.isLate {
            Output.warn("\(identity.label) had ended (\(receipt.status.rawValue)); the report changes nothing")
        }
    }
}
