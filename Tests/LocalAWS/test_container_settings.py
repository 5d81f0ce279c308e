"""What runs in a container (bin/lib/local_aws/overlay/container_settings.py)."""


def _override(**members):
    return {"containerOverrides": [{"name": "c0"} | members]}


def test_entry_point_of_the_definition_replaces_the_images(lab, image):
    name = image('ENTRYPOINT ["echo", "image"]', 'CMD ["default"]')
    assert lab.output(lab.define({"image": name})) == ["image default"]
    assert lab.output(lab.define({"image": name, "command": ["given"]})) == ["image given"]
    assert lab.output(lab.define({"image": name, "entryPoint": ["echo", "definition"]})) == ["definition"]
    both = lab.define({"image": name, "entryPoint": ["echo", "definition"], "command": ["given"]})
    assert lab.output(both) == ["definition given"]


def test_an_overrides_command_keeps_the_entry_point(lab, image):
    overrides = _override(command=["over", "ride"])
    name = image('ENTRYPOINT ["echo", "image"]', 'CMD ["default"]')
    assert lab.output(lab.define({"image": name, "command": ["given"]}), overrides=overrides) == ["image over ride"]
    own = lab.define({"entryPoint": ["echo", "definition"], "command": ["given"]})
    assert lab.output(own, overrides=overrides) == ["definition over ride"]


def test_an_overrides_environment_wins_over_the_definitions(lab):
    definition = lab.shell('echo "$A $B"', environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    overrides = _override(environment=[{"name": "B", "value": "three"}])
    assert lab.output(definition, overrides=overrides) == ["1 three"]


def test_working_directory_user_and_read_only_root(lab):
    definition = lab.shell(
        'echo "$(pwd) $(id -u)"; echo x 2>/dev/null >/tmp/file || echo sealed',
        workingDirectory="/var", user="65534", readonlyRootFilesystem=True)
    task = lab.finish(definition)
    assert lab.lines(task["taskArn"], 2) == ["/var 65534", "sealed"]
