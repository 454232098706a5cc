package import DotLanguage
package import DurableFiles
import Foundation
package import PipelineCore
import Vocabulary

/// Finds the prompt layers that the nodes of a pipeline name, as files.
///
/// ```yaml
/// content: |
///   You are a careful reviewer.
/// ```
/// A name is looked for in the folder of the pipeline, in `prompt_paths`, and in `~/.orchestra`; `critic` also means
/// `critic.yaml`.
package struct PromptLibrary: Sendable {
    private let settings: Settings
    private let folders: [String]
    private let files: any FileSystem

    /// - Parameter pipeline: The folder of the pipeline.
    package init(_ settings: Settings, pipeline: String, home: String, on files: any FileSystem) {
        self.settings = settings
        self.folders = [pipeline] + settings.promptPaths + ["\(home)/.orchestra"]
        self.files = files
    }

    /// What the nodes of `graph` get, and what is wrong with it.
    package func book(for graph: PipelineGraph) -> (book: PromptBook, problems: [Diagnostic]) {
        var book = PromptBook()
        var problems: [Diagnostic] = []
        for node in graph.nodes where node.handler == .codergen || node.handler == .fanIn {
            do throws(Diagnostic) {
                book.entries[node.id] = try self.entry(for: node)
            } catch {
                problems.append(error)
            }
        }
        return (book, problems)
    }

    /// The same as a rule, for those who only check.
    package var rule: LintRule { LintRule { subject in self.book(for: subject.graph).problems } }

    private func entry(for node: PipelineNode) throws(Diagnostic) -> PromptBook.Entry? {
        var entry = PromptBook.Entry(layers: [])
        let agent = try self.agent(of: node)
        for kind in PromptBook.Layer.Kind.allCases {
            let own = node.agent.file(of: kind)
            guard let name = own.isEmpty ? agent?.layers[kind] : own else { continue }
            do throws(SettingsError) {
                entry.layers.append(try self.layer(kind, name))
            } catch {
                throw node.diagnostic(
                    .promptLayer, "the \(kind.rawValue) of \(node.id) cannot be used: \(error)", .error,
                    key: own.isEmpty ? "agent" : "agent.\(kind.rawValue)",
                    hint: error.hint ?? "a layer is a file with \"content: text\"")
            }
        }
        entry.model = agent?.model ?? ""
        entry.provider = agent?.provider ?? ""
        return entry == PromptBook.Entry(layers: []) ? nil : entry
    }

    private func agent(of node: PipelineNode) throws(Diagnostic) -> Settings.Agent? {
        guard !node.agent.name.isEmpty else { return nil }
        if let agent = self.settings.agents[node.agent.name] { return agent }
        let known = self.settings.agents.keys.sorted().joined(separator: ", ")
        let place = self.settings.path.isEmpty ? "there is no \(SettingsFile.name)" : self.settings.path
        throw node.diagnostic(
            .agentKnown, "\(node.id) names the agent \(node.agent.name.quotedForPeople()), which nobody describes",
            .error, key: "agent",
            hint: "describe it under agents (\(place)\(known.isEmpty ? "" : "; known: \(known)"))")
    }

    private func layer(_ kind: PromptBook.Layer.Kind, _ name: String) throws(SettingsError) -> PromptBook.Layer {
        let (path, bytes) = try self.find(name)
        guard let root = try SettingsField(bytes, path: path) else { throw SettingsError(path, "it is empty") }
        let fields = try root.fields(named: ["content", "name", "description"])
        guard let content = fields["content"] else { throw SettingsError(path, "it has no content") }
        let text = try content.text
        if kind == .task {
            do throws(TemplateError) {
                _ = try Template(parsing: text)
            } catch {
                throw content.error(error.description, hint: "see \"Templates\" in docs/pipelines.md")
            }
        }
        return PromptBook.Layer(kind, path: path, text: text)
    }

    private func find(_ name: String) throws(SettingsError) -> (path: String, bytes: [UInt8]) {
        let hasEnding = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
        for folder in name.hasPrefix("/") ? ["/"] : self.folders {
            for ending in hasEnding ? [""] : ["", ".yaml", ".yml"] {
                let path = URL(filePath: name + ending, relativeTo: URL(filePath: folder, directoryHint: .isDirectory))
                    .standardizedFileURL.path(percentEncoded: false)
                if let bytes = try SettingsBytes.read(path, .named, on: self.files) { return (path, bytes) }
            }
        }
        throw SettingsError(
            name, "there is no such file", hint: "it is looked for in \(self.folders.joined(separator: ", "))")
    }
}

extension AgentAttributes {
    /// The file that the node itself names; empty for none.
    fileprivate func file(of kind: PromptBook.Layer.Kind) -> String {
        switch kind {
        case .role: self.role
        case .persona: self.persona
        case .personality: self.personality
        case .task: self.task
        }
    }
}

extension Diagnostic.Code {
    /// A node names an agent that is not in the configuration.
    package static let agentKnown = Self("agent_known")
    /// A prompt layer is missing or unfit.
    package static let promptLayer = Self("prompt_layer")

    /// All that is said about agents.
    package static let ofAgents: [Self] = [.agentKnown, .promptLayer]
}
