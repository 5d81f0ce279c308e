import FoundationEssentials
import Testing

@testable import AWS

struct TimestampTests {
    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "0"),
        (951_782_399.0, "2000-02-28T23:59:59Z", "Mon, 28 Feb 2000 23:59:59 GMT", "951782399"),
        (951_868_799.5, "2000-02-29T23:59:59.500Z", "Tue, 29 Feb 2000 23:59:59 GMT", "951868799.5"),
        (-1.0, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT", "-1"),
        (4_107_542_400.0, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT", "4107542400"),
    ])
    func writesEveryFormat(seconds: Double, iso: String, http: String, epoch: String) {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(Timestamp.text(date, .iso8601) == iso)
        #expect(Timestamp.text(date, .httpDate) == http)
        #expect(Timestamp.text(date, .epochSeconds) == epoch)
        #expect(Timestamp.parse(iso) == date)
        #expect(Timestamp.parse(epoch) == date)
        #expect(Timestamp.parse(http) == Date(timeIntervalSince1970: seconds.rounded(.down)))
    }

    @Test func readsOffsetsAndRefusesNonsense() {
        #expect(Timestamp.parse("2026-01-31T13:30:00+01:30") == Samples.date)
        #expect(Timestamp.parse("2026-01-31T04:00:00-0800") == Samples.date)
        for text in [
            "", "x", "2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31T25:00:00Z", "Sat, 31 Foo 2026 12:00:00 GMT",
            "nan", "99999999999999999999-01-01T00:00:00Z", "9223372036854775807-01-01T00:00:00Z",
        ] {
            #expect(Timestamp.parse(text) == nil, "\(text)")
        }
    }

    @Test func signsWithBasicFormat() { #expect(Timestamp.basic(Samples.date) == "20260131T120000Z") }
}
