import { Faker, base, de, en, ja } from '@faker-js/faker';
import type { NewContact } from './contacts.ts';
import type { Value } from './tables.ts';

/**
 * Makes up contacts, and the cars that some of them own: the same ones for the same seed. One in five has a German or
 * a Japanese name, so that not every payload is plain ASCII.
 */
export function generateContacts(count: number, seed: number): readonly NewContact[] {
  const english = new Faker({ locale: [en, base], seed });
  const others = [new Faker({ locale: [de, en, base], seed }), new Faker({ locale: [ja, en, base], seed })];
  return Array.from({ length: count }, (_, index) => {
    const faker = (index % 5 === 4 ? others[index % others.length] : undefined) ?? english;
    const firstname = faker.person.firstName();
    const lastname = faker.person.lastName();
    const company = faker.company.name();
    return {
      firstname,
      lastname,
      email: `contact${index + 1}@${english.internet.domainName()}`,
      company: index % 3 === 0 ? `${company} & Sons = "100%" + more` : company,
      title: english.person.jobTitle(),
      address: faker.location.streetAddress(),
      city: faker.location.city(),
      county: english.location.county(),
      state: english.location.state({ abbreviated: true }),
      zip: english.location.zipCode('0####'),
      office_phone: english.phone.number({ style: 'national' }),
      website: `https://${english.internet.domainName()}/?a=1&b=2`,
    };
  });
}

/** Makes up a car for each of these contacts. */
export function generateCars(contactIds: readonly number[], seed: number): readonly Readonly<Record<string, Value>>[] {
  const faker = new Faker({ locale: [en, base], seed });
  return contactIds.map((contactId) => ({
    make: faker.vehicle.manufacturer(),
    model: faker.vehicle.model(),
    year: faker.number.int({ min: 1995, max: 2026 }),
    colour: faker.vehicle.color(),
    price: faker.number.float({ min: 500, max: 90_000, fractionDigits: 2 }),
    contact_id: contactId,
  }));
}
