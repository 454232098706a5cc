public import SQLiteStorage
public import TrailsCore

// Stored as the words on the wire.

extension AppStatus: SQLWord {}
extension Presence: SQLWord {}
extension Cause: SQLWord {}
extension SecurityLevel: SQLWord {}
extension AppFacts.Origin: SQLWord {}
extension MessageKind: SQLWord {}
extension Control.Scope: SQLWord {}
extension AckOutcome: SQLWord {}
