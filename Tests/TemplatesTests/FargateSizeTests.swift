import Support
import Templates
import Testing

struct FargateSizeTests {
    @Test(arguments: [
        ("256", "512", 256, 512), ("256", "2048", 256, 2048), (".25 vCPU", "0.5 GB", 256, 512),
        ("0.25vcpu", "1GB", 256, 1024), ("0.5 vCPU", "1 GB", 512, 1024), ("1 vCPU", "2 GiB", 1024, 2048),
        ("1.vCPU", "2.GB", 1024, 2048), ("2 vCPU", "4096 MiB", 2048, 4096), ("2048", "16 GB", 2048, 16384),
        ("4096", "30720", 4096, 30720), ("8 vCPU", "20 GB", 8192, 20480), ("16384", "120 GB", 16384, 122_880),
        (" 1024 ", " 8192 ", 1024, 8192),
    ])
    func acceptsPairsInAnyUnit(cpu: String, memory: String, units: Int, mebibytes: Int) throws {
        let size = try FargateSize.validate(cpu: cpu, memory: memory)
        #expect(size.cpu == units)
        #expect(size.memory == mebibytes)
    }

    @Test(arguments: [
        ("300", "512", "cpu '300': Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 units (1024 are 1 vCPU)"),
        ("1", "512", "cpu '1': Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 units (1024 are 1 vCPU)"),
        ("", "512", "cpu '' is no size; Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 units (1024 are 1 vCPU)"),
        (
            "1 GB", "512",
            "cpu '1 GB' is no size; Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384 units (1024 are 1 vCPU)"
        ),
        ("256", "4096", "memory '4096': with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("256", "513", "memory '513': with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("512", "512", "memory '512': with cpu 512 Fargate has 1024, 2048, 3072, 4096 MiB"),
        ("1024", "1 GB", "memory '1 GB': with cpu 1024 Fargate has 2048 to 8192 in steps of 1024 MiB"),
        ("8192", "17 GB", "memory '17 GB': with cpu 8192 Fargate has 16384 to 61440 in steps of 4096 MiB"),
        ("16384", "36 GB", "memory '36 GB': with cpu 16384 Fargate has 32768 to 122880 in steps of 8192 MiB"),
        ("256", "lots", "memory 'lots' is no size; with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("256", ".", "memory '.' is no size; with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("256", "1.2.3", "memory '1.2.3' is no size; with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("256", "-512", "memory '-512' is no size; with cpu 256 Fargate has 512, 1024, 2048 MiB"),
        ("256", "0.3 MB", "memory '0.3 MB' is no size; with cpu 256 Fargate has 512, 1024, 2048 MiB"),
    ])
    func refusesOthersNamingWhatThereIs(cpu: String, memory: String, message: String) {
        let failure = #expect(throws: Failure.self) { try FargateSize.validate(cpu: cpu, memory: memory) }
        #expect(failure?.message == message)
        #expect(failure?.kind == .usage)
    }

    @Test func saysWhichCpuAMemoryGoesWith() {
        let failure = #expect(throws: Failure.self) { try FargateSize.validate(cpu: "256", memory: "4 GB") }
        #expect(failure?.hint == "4096 MiB go with cpu 512, 1024, 2048")
    }

    @Test func theTableHasAsManyPairsAsAWSHas() {
        #expect(FargateSize.table.map(\.memory.count) == [3, 4, 7, 13, 23, 12, 12])
    }
}
