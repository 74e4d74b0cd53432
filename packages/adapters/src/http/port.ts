/**
 * Ports of services that take text for commands, or that nobody should reach by way of this process: databases, caches,
 * queues, consoles of clusters, and what browsers refuse.
 */
const servicePorts: ReadonlySet<number> = new Set([
  1080, 1099, 1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 2483, 2484, 3128, 3268, 3269,
  3306, 3389, 3659, 4045, 4190, 4222, 4369, 5060, 5061, 5222, 5269, 5432, 5433, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6380,
  6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 7077, 7474, 7687, 8086, 8089, 8125, 8500, 8600, 8649, 8686,
  9042, 9050, 9092, 9160, 9200, 9300, 9418, 9999, 10_080, 10_250, 10_255, 10_256, 11_211, 15_672, 25_672, 26_257, 26_379, 27_017,
  27_018, 27_019, 28_015, 28_017, 33_060, 50_000, 50_070, 61_613, 61_616,
]);

/** Whether requests may go to a port of a public address: 80, 443, and 1024 and above but for those of known services. */
export function isUsualPort(port: number): boolean {
  if (port === 80 || port === 443) return true;
  return port >= 1_024 && port <= 65_535 && !servicePorts.has(port);
}
