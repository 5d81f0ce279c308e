package import AWS

/// Amazon EC2: the routes of a task's subnets.
package struct EC2: Sendable {
    package static let service = Service(
        .ec2, apiVersion: "2016-11-15", wire: .ec2)

    private static let describeRouteTables = Operation<DescribeRouteTablesRequest, DescribeRouteTablesResponse>(
        "DescribeRouteTables", of: service, .reads)
    private static let describeSubnets = Operation<DescribeSubnetsRequest, DescribeSubnetsResponse>(
        "DescribeSubnets", of: service, .reads)
    private static let describeVpcEndpoints = Operation<DescribeVpcEndpointsRequest, DescribeVpcEndpointsResponse>(
        "DescribeVpcEndpoints", of: service, .reads)

    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// The route tables that fit all filters (first page).
    package func describeRouteTables(_ filters: [Filter]) async throws -> [RouteTable] {
        try await client.send(
            Self.describeRouteTables, DescribeRouteTablesRequest(filter: filters), on: "route tables"
        ).routeTableSet ?? []
    }

    /// The subnets of these ids.
    package func describeSubnets(_ ids: [String]) async throws -> [Subnet] {
        try await client.send(Self.describeSubnets, DescribeSubnetsRequest(subnetId: ids), on: ids.first ?? "")
            .subnetSet ?? []
    }

    /// The VPC endpoints that fit all filters (first page).
    package func describeVpcEndpoints(_ filters: [Filter]) async throws -> [VpcEndpoint] {
        try await client.send(
            Self.describeVpcEndpoints, DescribeVpcEndpointsRequest(filter: filters), on: "VPC endpoints"
        ).vpcEndpointSet ?? []
    }
}

extension EC2 {
    package struct Filter: Codable, Sendable {
        package var name: String
        package var value: [String]
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = [value]
        }

        private enum CodingKeys: String, CodingKey {
            case name = "Name"
            case value = "Value"
        }
    }

    package struct DescribeRouteTablesRequest: Codable, Sendable {
        package var filter: [Filter]

        private enum CodingKeys: String, CodingKey { case filter = "Filter" }
    }

    package struct DescribeRouteTablesResponse: Codable, Sendable {
        package let routeTableSet: [RouteTable]?
    }

    package struct RouteTable: Codable, Sendable {
        package let routeTableId: String?
        package let routeSet: [Route]?
    }

    package struct Route: Codable, Sendable {
        package let destinationCidrBlock: String?
        package let destinationPrefixListId: String?
        package let gatewayId: String?
        package let natGatewayId: String?
        package let transitGatewayId: String?
        /// active or blackhole.
        package let state: String?
    }

    package struct DescribeSubnetsRequest: Codable, Sendable {
        package var subnetId: [String]

        private enum CodingKeys: String, CodingKey { case subnetId = "SubnetId" }
    }

    package struct DescribeSubnetsResponse: Codable, Sendable {
        package let subnetSet: [Subnet]?
    }

    package struct Subnet: Codable, Sendable {
        package let subnetId: String?
        package let vpcId: String?
    }

    package struct DescribeVpcEndpointsRequest: Codable, Sendable {
        package var filter: [Filter]

        private enum CodingKeys: String, CodingKey { case filter = "Filter" }
    }

    package struct DescribeVpcEndpointsResponse: Codable, Sendable {
        package let vpcEndpointSet: [VpcEndpoint]?
    }

    package struct VpcEndpoint: Codable, Sendable {
        package let vpcEndpointId: String?
        /// `com.amazonaws.REGION.ecr.api`, for one.
        package let serviceName: String?
        package let state: String?
    }
}
