/// Dice that fall the same way for the same seed (Steele, Lea and Flood, "Fast Splittable PRNGs", 2014).
///
/// For tests and simulation only: whoever sees a few numbers knows the rest.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension SplitMix64 {
    /// One of `choices`, each as likely as the next; there must be at least one.
    package mutating func pick<Choices: Collection>(_ choices: Choices) -> Choices.Element {
        precondition(!choices.isEmpty, "nothing to pick from")
        let steps = Int.random(in: 0..<choices.count, using: &self)
        return choices[choices.index(choices.startIndex, offsetBy: steps)]
    }

    /// True in about `share` of all calls: never at 0, always at 1.
    package mutating func chance(_ share: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < share
    }
}
