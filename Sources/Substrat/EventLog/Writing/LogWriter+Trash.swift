import DurableFiles

extension LogWriter {
    /// Moves the folder of a log to the trash. Done again after a crash in its midst, it comes to the same end.
    ///
    ///     journal emptied   names of trash made durable   folder renamed   both names synced
    ///
    /// The journal first: a start would else bring back what it still has of the log.
    mutating func discard(_ log: LogID) throws(LogFault) -> String? {
        try self.emptyJournal()
        self.shelf.forget(log)
        self.behind.remove(log)
        let (folder, files) = (self.shelf.folder, self.shelf.files)
        do throws(FileError) {
            guard try files.exists(folder.directory(of: log)) else { return nil }
            try DurableDirectory.make(folder.trash, on: files)
            let place = try Self.free("\(folder.trash)/\(log.folder)", on: files)
            try files.rename(folder.directory(of: log), to: place)
            try files.syncDirectory(folder.trash)
            try files.syncDirectory(folder.agents)
            return place
        } catch {
            throw LogFault(error, log)
        }
    }

    /// `path`, or with the first number after it that is free: a log may have been put back and deleted again.
    private static func free(_ path: String, on files: any FileSystem) throws(FileError) -> String {
        var place = path
        var number = 1
        while try files.exists(place) {
            number += 1
            place = "\(path).\(number)"
        }
        return place
    }
}
