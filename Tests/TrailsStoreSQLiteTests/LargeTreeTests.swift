import TestKit
import Testing
import TrailsCore
import TrailsStore
import TrailsStoreSQLite
import Vocabulary

/// More apps than go into a tree at once.
struct LargeTreeTests {
    private typealias Driver = TreeDriver<SQLiteTrailsStore>

    @Test(arguments: [1_023, 1_024, 3_000] as [UInt64])
    func `a start finds every live app below its parent`(count: UInt64) throws {
        let folder = try ScratchFolder()
        var expected = ProcessTree()
        let store = try SQLiteTrailsStore.open(folder.file("trails.db"))
        defer { store.close() }
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        try store.begin()
        for number in 1...count {
            let parent: UInt64? = number == 1 ? nil : (number + 8) / 10
            let enrolment = parent.map {
                Registration.Enrolment(declaredBy: Driver.key($0), enrolmentKey: Driver.key(number, 100))
            }
            let registration = Registration(
                facts: Driver.facts(number, under: parent), key: Driver.key(number), isProven: true,
                enrolment: enrolment)
            _ = try store.record(try expected.perform(.register(registration), at: now), at: now)
            try store.save([try #require(expected.apps[Driver.id(number)])])
        }
        try store.commit()

        var tree = ProcessTree()
        #expect(try store.load(into: &tree) == [])
        #expect(Set(tree.apps.values.map(\.durable)) == Set(expected.apps.values.map(\.durable)))
        #expect(tree.levels(under: Driver.id(1)) == expected.levels(under: Driver.id(1)))
    }
}
