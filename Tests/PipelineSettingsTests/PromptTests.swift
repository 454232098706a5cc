import DotLanguage
import DurableFiles
import PipelineCore
import PipelineSettings
import Simulator
import Testing
import Vocabulary

@Suite struct `Prompt layers` {
    private let folder = ScratchDirectory()

    private func graph(_ node: String) -> PipelineGraph {
        let text = "digraph g { s [shape=Mdiamond] e [shape=Msquare] s -> n -> e n [\(node)] }"
        return PipelineGraph(DotFile.parse(Array(text.utf8), path: "g.dot").graph!)
    }

    private func library(_ yaml: String) throws -> PromptLibrary {
        let settings = try Settings(Array(yaml.utf8), path: "\(self.folder.path)/orchestra.yaml", home: "/")
        return PromptLibrary(
            settings, pipeline: "\(self.folder.path)/flows", home: "\(self.folder.path)/home", on: POSIXFileSystem())
    }

    /// What the node is told.
    private func told(_ yaml: String, _ node: String, _ context: JSONObject = [:]) throws -> String {
        let graph = self.graph(node)
        let (book, problems) = try self.library(yaml).book(for: graph)
        #expect(problems == [], "\(problems)")
        return try graph.prompted(by: book)[NodeID("n")]!.instruction(in: PipelineContext(context))
    }

    private func layers() throws {
        try self.folder.write("flows/role.yaml", "content: |\n  You review.\n")
        try self.folder.write("prompts/persona.yml", "name: Ada\ncontent: You are Ada.")
        try self.folder.write("home/.orchestra/mild.yaml", "content: |\n  Be mild with {{ this }}.\n")
        try self.folder.write("flows/task.yaml", "content: Look at {{ tool.output }}.")
    }

    private static let agents = """
        prompt_paths: [prompts]
        agents:
          critic: {role: role, persona: persona.yml, personality: mild, task: task, model: smart, provider: p}
          half: {role: role}
        """

    @Test func `are joined by blank lines, and only the task is a template`() throws {
        try self.layers()
        let told = try self.told(Self.agents, "agent=critic, prompt=\"not this\"", ["tool.output": "it"])
        #expect(told == "You review.\n\nYou are Ada.\n\nBe mild with {{ this }}.\n\nLook at it.")
    }

    @Test func `leave the task to the prompt of the node, and a node names its own`() throws {
        try self.layers()
        #expect(try self.told(Self.agents, "agent=half, prompt=\"Do it\"") == "You review.\n\nDo it")
        let own = "agent=half, \"agent.role\"=\"persona\", prompt=x"
        #expect(try self.told(Self.agents, own) == "You are Ada.\n\nx")
        #expect(try self.told("", "\"agent.role\"=\"role.yaml\", label=\"Go\"") == "You review.\n\nGo")
        #expect(try self.told("", "prompt=plain") == "plain")
    }

    @Test func `bring a model where the node has none`() throws {
        try self.layers()
        let library = try self.library(Self.agents)
        for (node, model) in [("agent=critic", "smart"), ("agent=critic, llm_model=own", "own")] {
            let graph = self.graph(node)
            let prompted = try graph.prompted(by: library.book(for: graph).book)[NodeID("n")]!
            #expect(prompted.llmModel == model && prompted.llmProvider == "p")
        }
    }

    @Test func `that lack a value are an error, with its name`() throws {
        try self.layers()
        #expect(throws: TemplateError.self) { try self.told(Self.agents, "agent=critic") }
    }

    @Test(arguments: [
        ("agent=nobody", "agent_known", "names the agent \"nobody\"", "known: critic, half"),
        ("\"agent.role\"=missing", "prompt_layer", "missing: there is no such file", "it is looked for in"),
        ("\"agent.task\"=bad", "prompt_layer", "bad.yaml, line 2: ", "Templates"),
        ("\"agent.role\"=wrong", "prompt_layer", "wrong.yaml, line 2: \"contents\" is no setting", "content"),
        ("\"agent.role\"=bare", "prompt_layer", "it has no content", "content: text"),
    ])
    func `that are missing or unfit are told with node, file, line and hint`(
        node: String, code: String, words: String, hint: String
    ) throws {
        try self.layers()
        try self.folder.write("flows/bad.yaml", "name: x\ncontent: a {{ b\n")
        try self.folder.write("flows/wrong.yaml", "name: x\ncontents: a\n")
        try self.folder.write("flows/bare.yaml", "name: x\n")
        let (book, problems) = try self.library(Self.agents).book(for: self.graph(node))
        #expect(book.isEmpty && problems.map(\.code.rawValue) == [code])
        let problem = try #require(problems.first)
        #expect(problem.message.contains(words), "\(problem.message)")
        #expect(problem.hint?.contains(hint) == true && problem.range != nil, "\(problem.hint ?? "")")
        #expect(problem.subject == .node("n") && problem.severity == .error)
    }

    @Test func `are the same after they were kept, and differences are told`() throws {
        try self.layers()
        let graph = self.graph("agent=critic")
        let library = try self.library(Self.agents)
        let book = library.book(for: graph).book
        let again = try #require(PromptBook(json: book.json))
        #expect(again == book && again.paths(differingIn: book) == [])
        try self.folder.write("flows/role.yaml", "content: You object.")
        let now = library.book(for: graph).book
        #expect(book.paths(differingIn: now) == ["\(self.folder.path)/flows/role.yaml"])
    }
}
