/// RunTask's input as EventBridge Scheduler's targets spell it.
extension ECS.CapacityProviderStrategyItem {
    package init(_ item: Scheduler.CapacityProviderStrategyItem) {
        self.init(capacityProvider: item.capacityProvider, weight: item.weight, base: item.base)
    }
}

extension ECS.PlacementConstraint {
    package init(_ constraint: Scheduler.PlacementConstraint) {
        self.init(type: constraint.type, expression: constraint.expression)
    }
}

extension ECS.PlacementStrategy {
    package init(_ strategy: Scheduler.PlacementStrategy) { self.init(type: strategy.type, field: strategy.field) }
}
