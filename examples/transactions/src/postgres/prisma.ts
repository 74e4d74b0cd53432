import { PrismaPg } from '@prisma/adapter-pg';
import type { Emitter, Host } from '../host.ts';
import { generatePrismaClient } from '../prisma/generate-prisma-client.ts';

/** What Prisma generates as `Prisma.TransactionClient` for `contacts.prisma`, as far as it is used here. */
export interface TransactionClient {
  readonly contact: { create(input: { data: { firstname: string } }): Promise<{ id: number; firstname: string }> };
  $queryRawUnsafe(query: string, ...values: unknown[]): Promise<unknown>;
  $executeRawUnsafe(query: string): Promise<number>;
}

interface PrismaClient extends TransactionClient {
  $transaction(work: (tx: TransactionClient) => Promise<void>): Promise<void>;
  $disconnect(): Promise<void>;
}

const within = (tx: TransactionClient) => ({
  query: async (text: string, parameters: unknown[]) => tx.$queryRawUnsafe(text, ...parameters),
});

async function addContact(tx: TransactionClient, engine: Emitter, firstname: string): Promise<number> {
  const record = await tx.contact.create({ data: { firstname } });
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: within(tx) });
  return record.id;
}

export async function open(url: string): Promise<Host<TransactionClient>> {
  const { PrismaClient, remove } = await generatePrismaClient<PrismaClient>();
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 2 }) });
  return {
    transaction: async (work) => prisma.$transaction(work),
    async savepoint(tx, work) {
      await tx.$executeRawUnsafe('savepoint part');
      await work(tx).catch(async (error: unknown) => {
        await tx.$executeRawUnsafe('rollback to savepoint part');
        throw error;
      });
    },
    addContact,
    within,
    outside: () => within(prisma),
    async close() {
      await prisma.$disconnect();
      remove();
    },
  };
}
