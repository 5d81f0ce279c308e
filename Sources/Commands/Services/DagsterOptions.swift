internal import ArgumentParser
internal import Watch

/// The options of the commands that update a Dagster service.
struct DagsterOptions: ParsableArguments {
    @Flag(help: "Do nothing when the image and the config release are those that run.")
    var ifChanged = false
    @OptionGroup(title: "Following") var following: FollowOptions
}
