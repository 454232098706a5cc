extension OpenAPI {
    private static let paging = [
        Parameter(name: "limit", type: "integer", about: "1 to 1000, 100 when left out"),
        Parameter(name: "cursor", type: "string", about: "where the page before ended"),
    ]
    private static let filters =
        [
            Parameter(name: "status", type: "string", about: "statuses, with commas between"),
            Parameter(name: "name", type: "string", about: "the whole name"),
            Parameter(name: "tag", type: "string", about: "key:value; repeat it for more"),
            Parameter(name: "since", type: "integer", about: "made at this time or later, ms since 1970"),
            Parameter(name: "until", type: "integer", about: "made before this time, ms since 1970"),
        ] + Self.paging
    private static let after = Parameter(name: "after", type: "integer", about: "an event id")

    static let calls: [Call] = Self.openCalls + Self.reads + Self.writes

    private static let openCalls = [
        Call(method: "get", path: "/healthz", summary: "Does it run?", isSigned: false),
        Call(method: "get", path: "/readyz", summary: "Does its store take writes?", isSigned: false),
        Call(method: "get", path: "/metrics", summary: "Numbers for Prometheus", isSigned: false),
        Call(
            method: "get", path: "/ws", summary: "The WebSocket of apps", answer: "Problem", status: 426,
            isSigned: false),
        Call(
            method: "get", path: "/api/v1/server", summary: "Who is the server?", answer: "Server", isSigned: false),
        Call(
            method: "get", path: "/api/v1/openapi.json", summary: "This document", answer: "Document", isSigned: false),
    ]

    private static let reads = [
        Call(
            method: "get", path: "/api/v1/apps", summary: "The caller and all that is below it",
            query: Self.filters + [Parameter(name: "idPrefix", type: "string", about: "how the id begins")],
            answer: "Apps"),
        Call(method: "get", path: "/api/v1/apps/{id}", summary: "One app", answer: "App"),
        Call(
            method: "get", path: "/api/v1/apps/{id}/children", summary: "What is below an app",
            query: Self.filters + [Parameter(name: "recursive", type: "boolean", about: "at any depth")],
            answer: "Apps"),
        Call(
            method: "get", path: "/api/v1/apps/{id}/ancestors", summary: "Who is above an app, with keys",
            answer: "Ancestors"),
        Call(
            method: "get", path: "/api/v1/apps/{id}/messages", summary: "What an app has reported",
            query: [Parameter(name: "type", type: "string", about: "Status, Result or Error"), Self.after]
                + Self.paging.prefix(1), answer: "Messages"),
        Call(
            method: "get", path: "/api/v1/apps/{id}/snapshots/latest", summary: "The newest Status of an app",
            answer: "Message"),
        Call(
            method: "get", path: "/api/v1/apps/{id}/events", summary: "What has happened to an app",
            query: [Self.after, Parameter(name: "subtree", type: "boolean", about: "and below it")]
                + Self.paging.prefix(1), answer: "Events"),
        Call(
            method: "get", path: "/api/v1/crashes", summary: "Who below the caller is gone without a word",
            query: [Parameter(name: "since", type: "integer", about: "ms since 1970")] + Self.paging, answer: "Apps"),
        Call(
            method: "get", path: "/api/v1/cascades/{id}", summary: "How far a cancel has come", answer: "Cascade"),
        Call(
            method: "get", path: "/api/v1/controls/{id}", summary: "What became of a command", answer: "Control"),
        Call(
            method: "get", path: "/api/v1/watch", summary: "A WebSocket of all that happens from now on",
            query: [
                Parameter(name: "app_id", type: "string", about: "to this app"),
                Parameter(name: "parent_id", type: "string", about: "to the children of this app"),
                Parameter(name: "subtree", type: "string", about: "to this app and all below it"),
                Parameter(name: "since", type: "integer", about: "and first what came after this event id"),
            ], answer: "Problem", status: 101),
    ]

    private static let writes = [
        Call(
            method: "post", path: "/api/v1/children", summary: "Declare a child", body: "DeclareChild",
            answer: "App", status: 201),
        Call(
            method: "delete", path: "/api/v1/children/{id}", summary: "Take a declaration back", answer: "App"),
        Call(
            method: "post", path: "/api/v1/apps", summary: "Register without a connection", body: "RegisterApp",
            answer: "RegisteredApp", status: 201),
        Call(
            method: "post", path: "/api/v1/apps/{id}/messages", summary: "Report", body: "PostMessages",
            answer: "Receipt"),
        Call(
            method: "post", path: "/api/v1/apps/{id}/disconnect", summary: "Leave", body: "Disconnect",
            answer: "App"),
        Call(
            method: "post", path: "/api/v1/apps/{id}/control", summary: "Command an app, or a subtree",
            query: [Parameter(name: "wait", type: "integer", about: "seconds to wait for the answers, up to 300")],
            body: "GiveControl", answer: "Control", status: 202),
        Call(
            method: "post", path: "/api/v1/apps/{id}/cancel", summary: "End an app",
            query: [Parameter(name: "cascade", type: "boolean", about: "and all below it, first")], body: "Cancel",
            answer: "Cascade", status: 202),
        Call(
            method: "post", path: "/api/v1/apps/{id}/rekey", summary: "Give an app another key", body: "Rekey",
            answer: "App"),
        Call(
            method: "post", path: "/api/v1/apps/{id}/bind", summary: "Say from where a key may be used", body: "Bind",
            answer: "App"),
        Call(
            method: "post", path: "/api/v1/spool",
            summary: "Store what dead apps have left; the authority is each message's own signature", body: "Spool",
            answer: "SpoolReceipts"),
        Call(
            method: "post", path: "/api/v1/admin/revocations", summary: "Make a key worthless", body: "Revoke",
            answer: "App"),
    ]
}
