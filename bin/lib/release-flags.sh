# The flags of every release build, to be sourced with $PWD at the project's root: one set, so that nothing is built twice.
# Swift's runtime is inside. Each function has a section of its own, and the linker leaves out what nobody calls and keeps
# one of those that are the same and whose address nobody takes: 1.3 MB of 23.7.
# shellcheck shell=bash disable=SC2034
release_flags=(
    -c release --static-swift-stdlib
    -Xswiftc -Xfrontend -Xswiftc -function-sections
    -Xlinker --icf=safe -Xlinker "--version-script=$PWD/bin/lib/exports.map"
)
