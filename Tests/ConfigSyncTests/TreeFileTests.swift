import ConfigSync
import Testing

@Test func filesDifferByWhatIsKeptOfThem() {
    let file = TreeFile(path: "a", size: 1, mode: 0o644)
    #expect(file == TreeFile(path: "a", size: 1, mode: 0o644))
    #expect(file != TreeFile(path: "a", size: 1, mode: 0o755))
    #expect(file != TreeFile(path: "a", size: 1, mode: 0o644, link: "b"))
}
