package import Vocabulary

/// What the server says.
package enum ServerFrame: FrameFamily {
    case registered(RegisteredFrame)
    case challenge(ChallengeFrame)
    case ack(AckFrame)
    case control(ControlFrame)
    case error(ErrorFrame)
    case pongApp(PongFrame)
}

extension ServerFrame {
    package static let writesNullSignature = false

    package static func read(_ type: String, _ fields: FieldReader) throws(FrameError) -> Self? {
        switch type {
        case AckFrame.type: .ack(try AckFrame(reading: fields))
        case ControlFrame.type: .control(try ControlFrame(reading: fields))
        case RegisteredFrame.type: .registered(try RegisteredFrame(reading: fields))
        case ChallengeFrame.type: .challenge(try ChallengeFrame(reading: fields))
        case ErrorFrame.type: .error(try ErrorFrame(reading: fields))
        case PongFrame.type: .pongApp(try PongFrame(reading: fields))
        default: nil
        }
    }

    package var body: any WireFrame {
        switch self {
        case .registered(let frame): frame
        case .challenge(let frame): frame
        case .ack(let frame): frame
        case .control(let frame): frame
        case .error(let frame): frame
        case .pongApp(let frame): frame
        }
    }

    package var quickBytes: [UInt8]? {
        if case .ack(let frame) = self { frame.bytes } else { nil }
    }

    /// The app spoken to; only an error may concern none.
    package var appID: AppID? {
        switch self {
        case .registered(let frame): frame.appID
        case .challenge(let frame): frame.appID
        case .ack(let frame): frame.appID
        case .control(let frame): frame.appID
        case .error(let frame): frame.appID
        case .pongApp(let frame): frame.appID
        }
    }
}
