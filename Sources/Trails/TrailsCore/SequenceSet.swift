/// Which sequence numbers of an incarnation are stored: everything up to a mark, and some beyond it.
///
/// Numbers start at 1. A sender that keeps the order costs two integers; one that leaves gaps costs a
/// range each, up to `rangesMax`. Past that the mark stays behind (so acknowledgements become single ones)
/// and nothing else is lost: whether a number not above `highest` is stored is then for the store to say.
package struct SequenceSet: Hashable, Sendable {
    /// How many ranges beyond the mark are remembered.
    package static let rangesMax = 1_024

    /// Every number up to this one is stored; 0 when not even the first is.
    package private(set) var contiguous: Int64
    /// The highest number stored; 0 when none is.
    package private(set) var highest: Int64
    /// Stored numbers beyond the mark: ascending, apart by at least one missing number.
    package private(set) var beyond: [ClosedRange<Int64>]

    package init() {
        self.contiguous = 0
        self.highest = 0
        self.beyond = []
    }

    /// The set of `numbers`, in any order.
    package init(_ numbers: some Sequence<Int64>) {
        self.init()
        for number in numbers {
            self.insert(number)
        }
    }
}

extension SequenceSet {
    package var isEmpty: Bool { self.highest == 0 }

    /// Whether `number` can only be new. When it is `false` the store knows.
    package func isCertainlyNew(_ number: Int64) -> Bool { number > self.highest }

    /// Whether `number` is remembered as stored.
    package func contains(_ number: Int64) -> Bool {
        number <= self.contiguous || self.beyond.contains { $0.contains(number) }
    }

    /// Remembers that `number` is stored. What is below 1 is not counted: for that the store is always asked.
    package mutating func insert(_ number: Int64) {
        guard number > 0 else { return }
        self.highest = max(self.highest, number)
        if number == self.contiguous + 1 {
            self.contiguous = number
            if self.beyond.first?.lowerBound == number + 1 {
                self.contiguous = self.beyond.removeFirst().upperBound
            }
        } else if !self.contains(number) {
            self.insertBeyond(number)
        }
    }

    private mutating func insertBeyond(_ number: Int64) {
        let place = self.beyond.firstIndex { $0.lowerBound > number } ?? self.beyond.endIndex
        let joinsLeft = place > 0 && self.beyond[place - 1].upperBound == number - 1
        let joinsRight = place < self.beyond.endIndex && self.beyond[place].lowerBound == number + 1
        switch (joinsLeft, joinsRight) {
        case (true, true):
            self.beyond[place - 1] = self.beyond[place - 1].lowerBound...self.beyond[place].upperBound
            self.beyond.remove(at: place)
        case (true, false):
            self.beyond[place - 1] = self.beyond[place - 1].lowerBound...number
        case (false, true):
            self.beyond[place] = number...self.beyond[place].upperBound
        case (false, false):
            if self.beyond.count < Self.rangesMax {
                self.beyond.insert(number...number, at: place)
            }
        }
    }
}
