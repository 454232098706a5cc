import DurableFiles
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// Who a run is in the tree, the same after every crash.
///
/// All of it is TRAILS_INFO, kept in `trails.info` in the directory of the run, for this user's eyes only. The apps of
/// its nodes need no file: each follows from that secret and the name of its stage.
struct RunIdentity: Sendable {
    static let fileName = "trails.info"
    private static let sizeMax = 1 << 20

    let info: TrailsInfo
    /// What the run declares its nodes with.
    let parent: Standing.Parent
    private let secret: ChildSecret

    init(_ info: TrailsInfo) throws(StandingProblem) {
        guard let enrolment = info.enrolment else { throw .notEnrolled }
        self.info = info
        self.parent = try Standing.Parent(info)
        self.secret = ChildSecret(seed: enrolment.seed)
    }

    /// To speak as the run. Everybody with its TRAILS_INFO has this key.
    func config(_ environment: [String: String]) -> TrailsConfig { Self.config(self.info, environment) }

    /// The app of one stage.
    func node(_ stage: Stage, at now: Timestamp) -> TrailsInfo {
        self.parent.child(
            stage.label, from: self.secret.part("\(stage.session)/\(stage.text)"), tags: stage.tags, at: now)
    }

    static func config(_ info: TrailsInfo, _ environment: [String: String]) -> TrailsConfig {
        guard let enrolment = info.enrolment else { preconditionFailure("\(info) holds no enrolment") }
        var config = TrailsConfig(info: info, key: enrolment.derivedKey())
        config.take(environment)
        return config
    }
}

// MARK: - The file

extension RunIdentity {
    /// The identity of the run in `directory`: the one that is kept there, else a new one, which is durable before
    /// anybody hears of it.
    ///
    /// Who starts the run with a TRAILS_INFO waits for that very app, so the run becomes it, whatever it was before.
    static func keep(
        in directory: String, standing: Standing?, name: String, tags: JSONObject, at now: Timestamp,
        on files: any FileSystem = POSIXFileSystem()
    ) throws(StandingProblem) -> Self? {
        let kept = try self.kept(in: directory, on: files)
        switch standing {
        case .app(let info):
            if let kept, kept.info.appID == info.appID { return kept }
            return try self.write(info, in: directory, on: files)
        case .child(let parent):
            if let kept { return kept }
            return try self.write(
                parent.child(name, from: .random(), tags: tags, at: now), in: directory, on: files)
        case nil: return kept
        }
    }

    private static func kept(in directory: String, on files: any FileSystem) throws(StandingProblem) -> Self? {
        let path = "\(directory)/\(self.fileName)"
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try PrivateFile.read(path, limit: self.sizeMax, on: files)
        } catch {
            if error.code == .notFound { return nil }
            throw StandingProblem(message: error.message, hint: error.hint)
        }
        let info: TrailsInfo
        do throws(TrailsInfoError) {
            info = try TrailsInfo(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw StandingProblem(message: "\(path): \(error.message)", hint: "remove it: the run is a new app then")
        }
        return try Self(info)
    }

    private static func write(
        _ info: TrailsInfo, in directory: String, on files: any FileSystem
    ) throws(StandingProblem) -> Self {
        do throws(FileError) {
            try DurableDirectory.make(directory, on: files)
            try AtomicFile.replace(
                "\(directory)/\(self.fileName)", with: Array(info.text.utf8), permissions: .privateFile, on: files)
        } catch {
            throw StandingProblem(message: error.message, hint: error.hint)
        }
        return try Self(info)
    }
}
