import Foundation
import Synchronization

/// What was measured, a line each, and which targets were missed.
package final class BenchReport: Sendable {
    private let missed = Mutex<[String]>([])

    package init() {}

    package func title(_ text: String) { self.print("\n\(text)") }

    package func row(_ name: String, _ figure: String) {
        self.print("  \(name.padding(toLength: 58, withPad: " ", startingAt: 0)) \(figure)")
    }

    /// A figure with its target: `ratio` must be at least (or at most) `target`.
    package func ratio(_ name: String, _ ratio: Double, atLeast target: Double) {
        self.judge(name, ratio, isMet: ratio >= target, "at least \(target)")
    }

    package func ratio(_ name: String, _ ratio: Double, atMost target: Double) {
        self.judge(name, ratio, isMet: ratio <= target, "at most \(target)")
    }

    private func judge(_ name: String, _ ratio: Double, isMet: Bool, _ target: String) {
        self.row(name, String(format: "%.2f  (%@: %@)", ratio, target, isMet ? "met" : "MISSED"))
        if !isMet { self.missed.withLock { $0.append(name) } }
    }

    package func summary() {
        let missed = self.missed.withLock { $0 }
        self.print(missed.isEmpty ? "\nall targets met" : "\nmissed: \(missed.joined(separator: "; "))")
    }

    private func print(_ line: String) {
        Swift.print(line)
        fflush(nil)
    }
}

extension Double {
    package var whole: String { self.text(places: 0) }

    package func text(places: Int) -> String { String(format: "%.\(places)f", self) }
}

extension Duration {
    package var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}

extension [Double] {
    package var median: Double { self.percentile(0.5) }

    /// The one that so much of all lies below.
    package func percentile(_ part: Double) -> Double {
        self.sorted()[Swift.min(self.count - 1, Int(Double(self.count) * part))]
    }
}
