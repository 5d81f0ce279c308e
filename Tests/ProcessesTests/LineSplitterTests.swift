import Synchronization
import Testing

@testable import Processes

@Suite struct LineSplitterTests {
    private func lines(_ pieces: [[UInt8]]) -> [String] {
        let splitter = LineSplitter()
        var lines: [String] = []
        for piece in pieces { splitter.add(piece) { lines.append($0) } }
        splitter.finish { lines.append($0) }
        return lines
    }

    @Test func joinsPiecesOfALine() {
        #expect(
            lines([Array("a".utf8), Array("b\nc\n\nd".utf8), Array("\n".utf8), Array("e".utf8)]) == [
                "ab", "c", "", "d", "e",
            ])
    }

    @Test func dropsCarriageReturnBeforeLineFeed() {
        #expect(lines([Array("a\r".utf8), Array("\nb\rc\n".utf8)]) == ["a", "b\rc"])
    }

    @Test func joinsAScalarCutInTwo() {
        #expect(lines([[0xC3], [0xA9, 0x0A]]) == ["é"])
    }

    @Test func handsOnAnEndlessLineInPiecesCutBetweenScalars() {
        let text = String(repeating: "x", count: LineSplitter.longestLine - 1) + "éyz"
        let pieces = lines([Array(text.utf8)])
        #expect(pieces.count == 2)
        #expect(pieces.first?.utf8.count == LineSplitter.longestLine - 1)
        #expect(pieces.joined() == text)
    }

    @Test func quotesCommandLinesOnlyWhereNeeded() {
        let command = Command("docker", ["build", "-t", "a/b:0.1", "it's", "", "x y"], mutates: true)
        #expect(command.commandLine == #"docker build -t a/b:0.1 'it'\''s' '' 'x y'"#)
    }
}
