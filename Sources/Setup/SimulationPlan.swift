internal import Support

/// Which questions to ask, so that a few calls answer for many rights.
enum SimulationPlan {
    /// Each action on each resource, in one situation: one call.
    struct Question: Sendable, Hashable {
        let context: [String: String]
        let actions: [String]
        let resources: [String]

        /// Two questions that ask the same together; `nil` when this one can't be smaller.
        var halves: (Question, Question)? {
            if actions.count > 1 {
                let half = actions.count / 2
                return (
                    Question(context: context, actions: Array(actions[..<half]), resources: resources),
                    Question(context: context, actions: Array(actions[half...]), resources: resources)
                )
            }
            guard resources.count > 1 else { return nil }
            let half = resources.count / 2
            return (
                Question(context: context, actions: actions, resources: Array(resources[..<half])),
                Question(context: context, actions: actions, resources: Array(resources[half...]))
            )
        }

        var rights: [Right] {
            actions.flatMap { action in
                resources.map { Right(action: action, resource: $0, context: context) }
            }
        }
    }

    /// So that a request stays well under what a form may hold and an answer fits one page.
    private static let most = 50

    private struct Place: Hashable {
        let service: Substring
        let context: [String: String]
        let resource: String
    }

    private struct Batch: Hashable {
        let context: [String: String]
        let actions: [String]
    }

    /// Every right once, and nothing else, in an order that does not change. Services are not mixed in a call, since AWS refuses actions
    /// together that it authorises differently.
    static func questions(_ rights: Set<Right>) -> [Question] {
        var actions: [Place: Set<String>] = [:]
        for right in rights {
            let place = Place(service: right.service, context: right.context, resource: right.resource)
            actions[place, default: []].insert(right.action)
        }
        var resources: [Batch: [String]] = [:]
        for (place, names) in actions {
            resources[Batch(context: place.context, actions: names.sorted()), default: []].append(place.resource)
        }
        return resources.flatMap { batch, resources in
            pieces(batch.actions).flatMap { actions in
                pieces(resources.sorted()).map { Question(context: batch.context, actions: actions, resources: $0) }
            }
        }.sorted { ($0.actions[0], $0.resources[0]) < ($1.actions[0], $1.resources[0]) }
    }

    private static func pieces(_ all: [String]) -> [[String]] {
        stride(from: 0, to: all.count, by: most).map { Array(all[$0..<min($0 + most, all.count)]) }
    }
}
