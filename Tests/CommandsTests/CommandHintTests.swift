import Testing

@testable import Commands

struct CommandHintTests {
    @Test(arguments: [
        ("create it with 'fgctl cf-create-stack VERSION'", "create it with 'fgctl cf-create-stack -e b VERSION'"),
        (
            "build it: fgctl docker-build 0.2, then fgctl docker-push",
            "build it: fgctl docker-build -e b 0.2, then fgctl docker-push -e b"
        ),
        ("each with 'fgctl cf-delete-stack -e ENV'", "each with 'fgctl cf-delete-stack -e ENV'"),
        ("fgctl is no command, 'fgctl --help' shows them", "fgctl is no command, 'fgctl --help' shows them"),
    ]) func commandsGetTheENV(_ text: String, _ expected: String) {
        #expect(CommandHint.text(text, env: "b") == expected)
        #expect(CommandHint.text(text, env: nil) == text)
    }

    @Test func progressKeepsWhatIsNoAdvice() {
        let line = "interrupted in fgctl ecs-run-task; see 'fgctl cf-status'"
        #expect(
            CommandHint.text(line, env: "my env", quotedOnly: true)
                == "interrupted in fgctl ecs-run-task; see 'fgctl cf-status -e 'my env''")
    }
}
