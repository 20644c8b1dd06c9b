import { expect } from "chai";
import { type Card, decodeCard, encodeCard, MOST_CARD_BYTES } from "../../launcher/step/card.ts";
import { endpointOf } from "../../src/gateway/wire.ts";

function cardOf(cpus: number[], addresses?: string[]): Card {
  const endpoints = addresses?.map(address => endpointOf(address, 65_535));
  const door = endpoints && { endpoints, key: "k".repeat(43) };
  const hostname = "node-0123456789.cluster.example";
  return { host: `${"b".repeat(36)} ${hostname} pid:[4026531836]`, hostname, cpus, door };
}

const upTo = (count: number, step = 1): number[] =>
  Array.from({ length: count / step }, (_, index) => index * step);

describe("the card of a task", () => {
  it("should say all, however many cores the host has", () => {
    const addresses = ["10.1.2.3", "192.168.100.200", "2001:db8:1234:5678:9abc:def0:1234:5678"];
    for (const cpus of [upTo(1), [3], upTo(64), upTo(256), upTo(256, 2), upTo(512), [0, 511]]) {
      const text = encodeCard(cardOf(cpus, addresses));
      expect(text).to.match(/^[\w-]+$/);
      expect(text.length).to.be.at.most(MOST_CARD_BYTES);
      expect(decodeCard(text)).to.deep.equal(cardOf(cpus, addresses));
    }
    const other = cardOf(upTo(1024));
    delete (other as Partial<Card>).door;
    expect(decodeCard(encodeCard(other))).to.deep.equal(other);
  });

  it("should leave the worst addresses out where it would be too long", () => {
    const addresses = upTo(20).map(index => `2001:db8:1234:5678:9abc:def0:1234:${5678 + index}`);
    const text = encodeCard(cardOf(upTo(256), addresses));
    expect(text.length).to.be.at.most(MOST_CARD_BYTES);
    const left = decodeCard(text).door!.endpoints;
    expect(left).to.deep.equal(addresses.slice(0, left.length).map(address => endpointOf(address, 65_535)));
    expect(left.length).to.be.at.least(4);
  });

  it("should be refused when it is too long without any", () => {
    const card = { ...cardOf([0]), hostname: "n".repeat(1000) };
    expect(() => encodeCard(card)).to.throw("what this task must tell the others takes");
  });
});
