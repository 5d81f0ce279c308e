/// What a document may contain beyond YAML 1.2's core.
package enum YAMLDialect: Sendable {
    /// What fgctl's own files are written in.
    case core
    /// As PyYAML reads: merge keys (`<<`, https://yaml.org/type/merge.html) are expanded, and an anchor's name occurs once.
    /// What plain scalars mean is up to the reader.
    case python
}
