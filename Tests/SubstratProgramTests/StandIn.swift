import Foundation

/// What stands in for the command lines of agents: it takes their words, prints what they print, and keeps its
/// conversations in files of its own, as they do: what it is asked at once, what it answers when its turn ends.
///
/// It knows some prompts, and answers `turn N: PROMPT` to the others, N counted over the whole conversation:
/// ```
///   wait FILE         says half of something, and answers when there is such a file
///   tool NAME JSON    calls a tool by the tool server that it is configured for
///   fail              ends the turn with an error
///   die               ends in the middle
/// ```
enum StandIn {
    static let perl = #"""
        #!/usr/bin/perl
        use JSON::PP; use IPC::Open2; use Cwd; $| = 1;
        my ($name) = $0 =~ m{([^/]+)$};
        my $home = "$ENV{HOME}/kept"; mkdir $home;
        sub append { open my $f, ">>", $_[0] or die; print $f $_[1], "\n"; close $f }
        sub slurp { local $/; open my $f, "<", $_[0] or die "no $_[0]"; <$f> }
        sub say_line { print encode_json($_[0]), "\n" }
        append("$home/calls", encode_json([$name, @ARGV]));
        if ($name eq "cursor-agent" && "@ARGV" eq "create-chat") {
            my $id = sprintf "%08x-0000-4000-8000-%012x", $$, time;
            append("$home/$id.chat", encode_json({made => 1}));
            print "$id\n"; exit 0;
        }
        my %is = map { $_ => 1 } qw(--print --trust --yolo --approve-mcps --verbose);
        my (%o, @rest);
        while (@ARGV) {
            my $word = shift;
            if ($is{$word}) { $o{$word} = 1 } elsif ($word =~ /^--/) { $o{$word} = shift } else { push @rest, $word }
        }
        die "not to be read by a program\n" unless $o{"--print"} && $o{"--output-format"} eq "stream-json";
        my $prompt = $name eq "claude" ? do { local $/; <STDIN> } : $rest[0];
        my $chat = $o{"--resume"} // $o{"--session-id"};
        my $file = "$home/$chat.chat";
        die "No conversation found with session ID: $chat\n" if $o{"--resume"} && !-e $file;
        die "Session ID $chat is already in use.\n" if $o{"--session-id"} && -e $file;
        my $count = 1;
        if (-e $file) { for (split /\n/, slurp($file)) { $count++ if decode_json($_)->{assistant} } }
        append($file, encode_json({user => $prompt}));
        append("$home/pids", $$);
        say_line({type => "system", subtype => "init", session_id => $chat, model => $o{"--model"} // "usual"});
        print "a warning that is no JSON\n";
        sub partly {
            my @mark = $name eq "claude" ? () : (timestamp_ms => 1);
            say_line({type => "assistant", message => {content => [{type => "text", text => $_[0]}]}, @mark});
        }
        sub tool {
            my ($tool, $arguments) = @_;
            my $config = $name eq "claude" ? $o{"--mcp-config"} : getcwd() . "/.cursor/mcp.json";
            my $server = decode_json(slurp($config))->{mcpServers}{substrat};
            delete $ENV{SUBSTRAT_TOKEN};
            local %ENV = (%ENV, %{$server->{env}});
            my $pid = open2(my $out, my $in, $server->{command}, @{$server->{args}});
            my $ask = sub {
                print $in encode_json({jsonrpc => "2.0", @_}), "\n"; $in->flush;
                my $line = <$out>; decode_json($line);
            };
            my $hello = $ask->(id => 1, method => "initialize", params => {protocolVersion => "2024-11-05"});
            print $in encode_json({jsonrpc => "2.0", method => "notifications/initialized"}), "\n";
            my $list = $ask->(id => "two", method => "tools/list");
            my $known = grep { $_->{name} eq $tool } @{$list->{result}{tools}};
            my $end = $ask->(id => 3, method => "tools/call", params => {name => $tool, arguments => $arguments});
            close $in; waitpid $pid, 0;
            my $said = $end->{error} ? "refused: $end->{error}{message}" : $end->{result}{content}[0]{text};
            return ($end->{result}{isError} ? "error" : $known ? "ok" : "unknown") . " $said";
        }
        my $answer = "turn $count: $prompt";
        if ($prompt =~ /^wait (.+)/) { partly("half"); select(undef, undef, undef, 0.02) until -e $1 }
        if ($prompt =~ /^tool (\S+) (.+)/) { $answer = tool($1, decode_json($2)) }
        if ($prompt eq "die") { partly("half"); print STDERR "out of\nluck\n"; exit 3 }
        if ($prompt eq "fail") {
            say_line({type => "result", is_error => JSON::PP::true, result => "no tokens left"});
            exit 0;
        }
        append($file, encode_json({assistant => $answer}));
        say_line({type => "assistant", message => {content => [{type => "text", text => $answer}]}});
        say_line({type => "result", subtype => "success", is_error => JSON::PP::false, result => $answer});

        """#

    /// Puts it into the home of a stage, under the names of both.
    static func put(into stage: Stage) throws {
        for name in ["cursor-agent", "claude"] {
            try self.perl.write(toFile: stage.path(name), atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stage.path(name))
        }
    }

    /// What is kept of all conversations, each with what was said in it.
    static func conversations(in stage: Stage) throws -> [String] {
        let folder = stage.path("kept")
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".chat") }.sorted()
            .map { stage.read("kept/\($0)") }
    }
}
