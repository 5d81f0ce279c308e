import CYAML
import Support

/// One event of libyaml, copied out of C.
struct Event {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(String, plain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let mark: YAMLMark
}

/// Owns a `yaml_parser_t` and turns a buffer into events, one at a time.
///
/// The parser stays at one address on the heap (libyaml keeps pointers into it), and the buffer must outlive it: libyaml
/// doesn't copy its input.
final class EventStream {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let buffer: UnsafeBufferPointer<UInt8>
    private let file: String

    init(reading buffer: UnsafeBufferPointer<UInt8>, file: String) throws(Failure) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw Failure(.failed, "read \(file): out of memory")
        }
        self.parser = parser
        self.buffer = buffer
        self.file = file
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event.
    func next() throws(Failure) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let (kind, anchor, tag) = content(of: event)
        return Event(
            kind: kind, anchor: anchor, tag: tag, mark: mark(event.start_mark))
    }

    private func content(of event: yaml_event_t) -> (Event.Kind, anchor: String?, tag: String?) {
        switch event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, nil, nil)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, nil, nil)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, nil, nil)
        case YAML_ALIAS_EVENT: return (.alias(string(event.data.alias.anchor) ?? ""), nil, nil)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            return (.scalar(text, plain: isPlain), string(scalar.anchor), string(scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return (.sequenceStart, string(start.anchor), string(start.tag))
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, nil, nil)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return (.mappingStart, string(start.anchor), string(start.tag))
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, nil, nil)
        // libyaml gives its empty event only after the end of the stream.
        default: return (.streamEnd, nil, nil)
        }
    }

    private func mark(_ mark: yaml_mark_t) -> YAMLMark {
        // libyaml counts from 0.
        YAMLMark(file: file, line: mark.line + 1, column: mark.column + 1)
    }

    private func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }

    /// The failure that libyaml left in the parser after it refused to go on.
    private func problem() -> Failure {
        let state = parser.pointee
        guard state.error != YAML_MEMORY_ERROR else { return Failure(.failed, "read \(file): out of memory") }
        var message = state.problem.map { String(cString: $0) } ?? "is no YAML"
        if state.error == YAML_READER_ERROR {
            // Bytes that are no text: libyaml gives their offset, no mark.
            return mark(ofByte: state.problem_offset).failure(message)
        }
        if let context = state.context.map({ String(cString: $0) }) {
            message += " \(context)"
            let from = mark(state.context_mark)
            if state.context_mark.line != state.problem_mark.line { message += " that began in line \(from.line)" }
        }
        let startsNoToken = message.contains("cannot start any token")
        if message.contains("tab character that violates")
            || startsNoToken && byte(at: state.problem_mark.index) == UInt8(ascii: "\t")
        {
            message = "a tab can't indent; use spaces"
        }
        return mark(state.problem_mark).failure(message)
    }

    private func byte(at scalarIndex: Int) -> UInt8? {
        var seen = -1
        // Marks count Unicode scalars; continuation bytes belong to the scalar before them.
        return buffer.first { byte in
            if byte & 0xC0 != 0x80 { seen += 1 }
            return seen == scalarIndex
        }
    }

    private func mark(ofByte offset: Int) -> YAMLMark {
        var line = 1
        var column = 1
        for byte in buffer.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return YAMLMark(file: file, line: line, column: column)
    }
}
