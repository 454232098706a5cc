/// Why a run cannot go on. What a run finds out about trailsd is not one of these: that is a list of complaints.
package struct LabError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
