/// The circles of a graph: groups of nodes each of which leads back to itself by the others.
///
/// Tarjan's way ("Depth-first search and linear graph algorithms", 1972), with a stack of its own instead of recursion.
struct Circles {
    /// Each in the order of the nodes; the groups in the order of their first ones.
    let all: [[NodeID]]

    private let targets: [[Int]]
    private let nodes: [NodeID]
    private let places: [NodeID: Int]

    init(of nodes: [NodeID], by successors: (NodeID) -> [NodeID]) {
        let places = Dictionary(nodes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let targets = nodes.map { successors($0).compactMap { places[$0] } }
        var search = Search(targets: targets)
        for place in nodes.indices { search.visit(place) }
        let groups = search.groups.map { $0.sorted() }.filter { $0.count > 1 || targets[$0[0]].contains($0[0]) }
        self.all = groups.sorted { $0[0] < $1[0] }.map { $0.map { nodes[$0] } }
        self.nodes = nodes
        self.places = places
        self.targets = targets
    }

    /// A shortest way from the first node of `circle` back to it, which stands at both ends.
    func path(around circle: [NodeID]) -> [NodeID] {
        guard let start = self.places[circle[0]] else { return circle }
        var previous: [Int: Int] = [:]
        var queue = [start]
        var next = 0
        while next < queue.count, previous[start] == nil {
            let here = queue[next]
            next += 1
            for target in self.targets[here] where previous[target] == nil {
                previous[target] = here
                queue.append(target)
            }
        }
        var path = [start]
        while let before = previous[path[path.count - 1]] {
            path.append(before)
            if before == start { break }
        }
        return path.reversed().map { self.nodes[$0] }
    }
}

private struct Search {
    let targets: [[Int]]
    private(set) var groups: [[Int]] = []

    private var number: [Int]
    private var lowest: [Int]
    private var isOpen: [Bool]
    private var open: [Int] = []
    private var count = 0

    init(targets: [[Int]]) {
        self.targets = targets
        self.number = Array(repeating: -1, count: targets.count)
        self.lowest = self.number
        self.isOpen = Array(repeating: false, count: targets.count)
    }

    mutating func visit(_ root: Int) {
        guard self.number[root] < 0 else { return }
        var way = [(node: root, next: 0)]
        self.enter(root)
        while let (node, next) = way.last {
            guard next < self.targets[node].count else {
                way.removeLast()
                if let parent = way.last?.node { self.lowest[parent] = min(self.lowest[parent], self.lowest[node]) }
                if self.lowest[node] == self.number[node] { self.close(node) }
                continue
            }
            way[way.count - 1].next += 1
            let target = self.targets[node][next]
            if self.number[target] < 0 {
                self.enter(target)
                way.append((target, 0))
            } else if self.isOpen[target] {
                self.lowest[node] = min(self.lowest[node], self.number[target])
            }
        }
    }

    private mutating func enter(_ node: Int) {
        self.number[node] = self.count
        self.lowest[node] = self.count
        self.count += 1
        self.open.append(node)
        self.isOpen[node] = true
    }

    private mutating func close(_ node: Int) {
        var group: [Int] = []
        repeat {
            group.append(self.open.removeLast())
            self.isOpen[group[group.count - 1]] = false
        } while group[group.count - 1] != node
        self.groups.append(group)
    }
}
