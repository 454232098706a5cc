/// Columns of text, each as wide as its widest cell.
struct TextTable {
    let text: String

    init(_ titles: [String], _ rows: [[String]]) {
        let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
        let lines = ([titles] + rows).map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = cells.joined(separator: "  ")
            return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
        }
        self.text = lines.joined(separator: "\n")
    }
}
