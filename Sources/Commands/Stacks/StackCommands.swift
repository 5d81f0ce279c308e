internal import ArgumentParser

/// The commands of the group 'Stacks', in the order that help shows.
enum StackCommands {
    static let all: [any ParsableCommand.Type] = [
        CreateVPC.self, UpdateVPC.self, DeleteVPC.self, CreateStack.self, UpdateStack.self, DeleteStack.self,
        StackStatus.self, StackEventsCommand.self, DiagnoseStack.self, RenderStack.self, CreateDeployRole.self,
    ]
}
