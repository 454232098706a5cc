/// What is wrong with the arrows of the house, one line each.
enum Arrows {
    /// Faults of the table itself: a room listed twice, or one that uses a room on a later line.
    static func complaints(aboutTable rooms: [House.Room]) -> [String] {
        var above: Set<String> = []
        var complaints: [String] = []
        for room in rooms {
            if above.contains(room.name) { complaints.append("\(room.name) is listed twice") }
            complaints += room.uses.filter { !above.contains($0) }.map { "\(room.name) -> \($0) points up, or nowhere" }
            above.insert(room.name)
        }
        return complaints
    }

    /// Targets that are not in the table, lie elsewhere, or depend on a room they may not.
    static func complaints(about manifest: Manifest, rooms: [House.Room]) -> [String] {
        let houseNames = Set(manifest.targets.map(\.name))
        return manifest.targets.filter { !$0.isTest }.flatMap { target in
            guard let room = rooms.first(where: { $0.name == target.name }) else {
                return ["\(target.name): not in the table of rooms (Tests/TidyTests/House.swift)"]
            }
            var complaints: [String] = []
            let place = "Sources/\(room.floor)/\(room.folder)"
            if target.path != place { complaints.append("\(target.name): is in \(target.path), not in \(place)") }
            for name in target.dependencies where houseNames.contains(name) && !room.uses.contains(name) {
                complaints.append("\(target.name) -> \(name): no such arrow in the table of rooms")
            }
            if let imports = room.coreImports {
                for name in target.dependencies where !houseNames.contains(name) && !imports.contains(name) {
                    complaints.append("\(target.name) -> \(name): a core may not depend on that")
                }
            }
            return complaints
        }
    }

    /// Imports that the file's target does not declare, and those that a core may not have at all.
    static func complaints(about file: SwiftFile, in manifest: Manifest, rooms: [House.Room]) -> [String] {
        guard let target = manifest.owner(of: file.path) else { return ["\(file.path):1: belongs to no target"] }
        let core = rooms.first { $0.name == target.name }?.coreImports
        let houseNames = Set(manifest.targets.map(\.name))
        return imports(of: file).compactMap { line, module in
            if let core {
                guard !core.contains(module), !houseNames.contains(module) else {
                    return target.dependencies.contains(module) || core.contains(module)
                        ? nil : file.complaint(line, "imports \(module), which \(target.name) does not declare")
                }
                return file.complaint(line, "\(target.name) is a core and may not import \(module)")
            }
            guard target.dependencies.contains(module) || House.platform.contains(module) else {
                return file.complaint(line, "imports \(module), which \(target.name) does not declare")
            }
            return nil
        }
    }

    /// The imported modules and their lines. `Foundation` as the other branch of `#if canImport(FoundationEssentials)`
    /// counts as FoundationEssentials: on other systems than Linux only the whole is there.
    static func imports(of file: SwiftFile) -> [(line: Int, module: String)] {
        var found: [(line: Int, module: String)] = []
        for (index, line) in file.code.enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                words[..<position].allSatisfy({ $0.first == "@" || accessLevels.contains($0) })
            else { continue }
            let named = kinds.contains(words[position + 1]) && position + 2 < words.count
            var module = words[position + (named ? 2 : 1)].split(separator: ".").first.map(String.init) ?? ""
            if module == "Foundation", index >= 2, file.code[index - 1].hasPrefix("#else"),
                found.last?.module == "FoundationEssentials"
            {
                module = "FoundationEssentials"
            }
            found.append((index, module))
        }
        return found
    }

    private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
}
