// The same with the AWS CDK: its own security groups in a stack, synthesized without its command line.
const { readFileSync } = require("node:fs");
const { App, Stack } = require("aws-cdk-lib");
const ec2 = require("aws-cdk-lib/aws-ec2");

const app = new App({ outdir: "cdk.out", analyticsReporting: false });
const stack = new Stack(app, "groups");
const vpc = ec2.Vpc.fromVpcAttributes(stack, "Vpc", {
  vpcId: "vpc-0123456789abcdef0",
  availabilityZones: ["us-east-1a"],
});
const groups = {};
for (const row of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  groups[row.group] ??= new ec2.SecurityGroup(stack, row.group, { vpc, allowAllOutbound: false });
  const port = new ec2.Port({
    protocol: row.protocol,
    fromPort: row.protocol === "-1" ? undefined : row.from_port,
    toPort: row.protocol === "-1" ? undefined : row.to_port,
    stringRepresentation: row.id,
  });
  const rule = [ec2.Peer.ipv4(row.cidr), port, row.description];
  if (row.direction === "Ingress") groups[row.group].addIngressRule(...rule);
  else groups[row.group].addEgressRule(...rule);
}
app.synth();
