import Testing

@testable import PipelineRuntime

@Suite struct RedactionTests {
    private let redaction = Redaction(environment: [
        "OPENAI_API_KEY": "abc-secret-value", "HOME": "/home/alice", "DB_PASSWORD": "tiny", "GH_TOKEN": "abc-secret",
    ])

    @Test(arguments: [
        ("key abc-secret-value!", "key [redacted]!"),
        ("at abc-secret now", "at [redacted] now"),
        ("in /home/alice it is tiny", "in /home/alice it is tiny"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [redacted]"),
        ("used 'ghp_0123456789abcdef'", "used '[redacted]'"),
        ("a sk-8 skate", "a sk-8 skate"),
        ("postgres://me:pass@host/db", "postgres://me:[redacted]@host/db"),
        ("see https://host:80/a and b@c", "see https://host:80/a and b@c"),
        ("the bearer\nof news", "the bearer\nof news"),
        ("  two  spaces \n", "  two  spaces \n"),
    ])
    func `takes out secrets and leaves the rest alone`(text: String, redacted: String) {
        #expect(self.redaction.redact(text) == redacted)
    }
}
