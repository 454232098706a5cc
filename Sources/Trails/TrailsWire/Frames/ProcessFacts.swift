package import Vocabulary

/// Where an app runs. For people: nothing is decided by it, and any of it may be missing.
package struct ProcessFacts: WireRecord {
    package var pid: Int64?
    package var ppid: Int64?
    package var uid: Int64?
    package var gid: Int64?
    package var user: String?
    package var hostname: String?
    package var nodeName: String?
    package var podIP: String?
    package var namespace: String?
    package var startTime: Timestamp?
    package var executable: String?

    package init(
        pid: Int64? = nil, ppid: Int64? = nil, uid: Int64? = nil, gid: Int64? = nil, user: String? = nil,
        hostname: String? = nil, nodeName: String? = nil, podIP: String? = nil, namespace: String? = nil,
        startTime: Timestamp? = nil, executable: String? = nil
    ) {
        self.pid = pid
        self.ppid = ppid
        self.uid = uid
        self.gid = gid
        self.user = user
        self.hostname = hostname
        self.nodeName = nodeName
        self.podIP = podIP
        self.namespace = namespace
        self.startTime = startTime
        self.executable = executable
    }
}

extension ProcessFacts {
    /// Reads the names of sockets and those of REST.
    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            pid: try fields.find("pid", .integer),
            ppid: try fields.find("ppid", .integer),
            uid: try fields.find("uid", .integer),
            gid: try fields.find("gid", .integer),
            user: try fields.find("user", .text(bytesMax: WireLimits.nameBytesMax)),
            hostname: try fields.find("hostname", .text(bytesMax: WireLimits.nameBytesMax)),
            nodeName: try fields.find("node_name", or: "nodeName", .text(bytesMax: WireLimits.nameBytesMax)),
            podIP: try fields.find("pod_ip", or: "podIp", .text(bytesMax: WireLimits.nameBytesMax)),
            namespace: try fields.find("namespace", .text(bytesMax: WireLimits.nameBytesMax)),
            startTime: try fields.find("start_time", or: "startTime", .moment),
            executable: try fields.find("executable", .text(bytesMax: WireLimits.urlBytesMax)))
    }

    /// In the names of sockets.
    package var members: JSONObject { self.members(nodeName: "node_name", podIP: "pod_ip", startTime: "start_time") }

    /// In the names of REST.
    package var restJSON: JSONValue {
        .object(self.members(nodeName: "nodeName", podIP: "podIp", startTime: "startTime"))
    }

    private func members(nodeName: String, podIP: String, startTime: String) -> JSONObject {
        .of(
            ("pid", self.pid), ("ppid", self.ppid), ("uid", self.uid), ("gid", self.gid), ("user", self.user),
            ("hostname", self.hostname), (nodeName, self.nodeName), (podIP, self.podIP),
            ("namespace", self.namespace), (startTime, self.startTime), ("executable", self.executable))
    }
}
