package import Vocabulary

/// What a client says.
package enum ClientFrame: FrameFamily {
    case register(RegisterFrame)
    case reRegister(ReRegisterFrame)
    case challengeResponse(ChallengeResponseFrame)
    case message(MessageFrame)
    case controlAck(ControlAckFrame)
    case disconnect(DisconnectFrame)
    case pingApp(PingFrame)
}

extension ClientFrame {
    package static let writesNullSignature = true

    package static func read(_ type: String, _ fields: FieldReader) throws(FrameError) -> Self? {
        switch type {
        case MessageFrame.type: .message(try MessageFrame(reading: fields))
        case RegisterFrame.type: .register(try RegisterFrame(reading: fields))
        case ReRegisterFrame.type: .reRegister(try ReRegisterFrame(reading: fields))
        case ChallengeResponseFrame.type: .challengeResponse(try ChallengeResponseFrame(reading: fields))
        case ControlAckFrame.type: .controlAck(try ControlAckFrame(reading: fields))
        case DisconnectFrame.type: .disconnect(try DisconnectFrame(reading: fields))
        case PingFrame.type: .pingApp(try PingFrame(reading: fields))
        default: nil
        }
    }

    package var body: any WireFrame {
        switch self {
        case .register(let frame): frame
        case .reRegister(let frame): frame
        case .challengeResponse(let frame): frame
        case .message(let frame): frame
        case .controlAck(let frame): frame
        case .disconnect(let frame): frame
        case .pingApp(let frame): frame
        }
    }

    /// The number of a message.
    package var seq: Int64? {
        if case .message(let frame) = self { frame.seq } else { nil }
    }

    /// The app that speaks.
    package var appID: AppID {
        switch self {
        case .register(let frame): frame.appID
        case .reRegister(let frame): frame.appID
        case .challengeResponse(let frame): frame.appID
        case .message(let frame): frame.appID
        case .controlAck(let frame): frame.appID
        case .disconnect(let frame): frame.appID
        case .pingApp(let frame): frame.appID
        }
    }
}
