/** A payload as contract section 3 writes it, and what makes the engine send it. */
export interface Golden {
  readonly topic: 'object_create(0)' | 'object_create(10001)' | 'object_submits_form(3)' | 'sub_tag(4)' | 'unsub_tag(4)';
  readonly objectType: 'Contact' | 'Car';
  /** Undefined for a subscription that names none. */
  readonly format: undefined | 'notify' | 'lightweight';
  /** Behind `webhook_id=N`, as on the wire. */
  readonly form: string;
  /** Behind `{"webhook_id":N`. */
  readonly json: string;
}

/** 3 January 2018, 00:42:20 UTC: the second of the contract's example, and most of the next one. */
export const occurredAt = 1_514_940_140_999;

/** What the events are about. The contact has no telephone number, the car no colour. */
export const records = {
  Contact: { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' },
  Car: { id: 31, make: 'Citroën', model: '2 CV', year: 1_974, colour: null, price: '5.000,00 €' },
} as const;

/** Written by hand from the contract: all four events × three formats × contact and custom object. */
export const goldens: readonly Golden[] = [
  {
    topic: 'object_create(0)',
    objectType: 'Contact',
    format: undefined,
    form: '&object_type_id=0&event%5Btype%5D=object_create&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&data%5Bphone%5D=&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_create"},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com","phone":""},"timestamp":1514940140}',
  },
  {
    topic: 'object_create(0)',
    objectType: 'Contact',
    format: 'notify',
    form: '&object_type_id=0&event%5Btype%5D=object_create&data%5Bid%5D=8&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_create"},"data":{"id":8},"timestamp":1514940140}',
  },
  {
    topic: 'object_create(0)',
    objectType: 'Contact',
    format: 'lightweight',
    form: '&object_type_id=0&event%5Btype%5D=object_create&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_create"},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com"},"timestamp":1514940140}',
  },
  {
    topic: 'object_create(10001)',
    objectType: 'Car',
    format: undefined,
    form: '&object_type_id=10001&event%5Btype%5D=object_create&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&data%5Bcolour%5D=&data%5Bprice%5D=5.000%2C00+%E2%82%AC&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_create"},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974,"colour":"","price":"5.000,00 €"},"timestamp":1514940140}',
  },
  {
    topic: 'object_create(10001)',
    objectType: 'Car',
    format: 'notify',
    form: '&object_type_id=10001&event%5Btype%5D=object_create&data%5Bid%5D=31&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_create"},"data":{"id":31},"timestamp":1514940140}',
  },
  {
    topic: 'object_create(10001)',
    objectType: 'Car',
    format: 'lightweight',
    form: '&object_type_id=10001&event%5Btype%5D=object_create&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_create"},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Contact',
    format: undefined,
    form: '&object_type_id=0&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&data%5Bphone%5D=&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_submits_form","form_id":3},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com","phone":""},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Contact',
    format: 'notify',
    form: '&object_type_id=0&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=8&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_submits_form","form_id":3},"data":{"id":8},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Contact',
    format: 'lightweight',
    form: '&object_type_id=0&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"object_submits_form","form_id":3},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com"},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Car',
    format: undefined,
    form: '&object_type_id=10001&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&data%5Bcolour%5D=&data%5Bprice%5D=5.000%2C00+%E2%82%AC&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_submits_form","form_id":3},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974,"colour":"","price":"5.000,00 €"},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Car',
    format: 'notify',
    form: '&object_type_id=10001&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=31&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_submits_form","form_id":3},"data":{"id":31},"timestamp":1514940140}',
  },
  {
    topic: 'object_submits_form(3)',
    objectType: 'Car',
    format: 'lightweight',
    form: '&object_type_id=10001&event%5Btype%5D=object_submits_form&event%5Bform_id%5D=3&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"object_submits_form","form_id":3},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Contact',
    format: undefined,
    form: '&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&data%5Bphone%5D=&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"sub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com","phone":""},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Contact',
    format: 'notify',
    form: '&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"sub_tag","tag_id":4},"data":{"id":8},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Contact',
    format: 'lightweight',
    form: '&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"sub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com"},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Car',
    format: undefined,
    form: '&object_type_id=10001&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&data%5Bcolour%5D=&data%5Bprice%5D=5.000%2C00+%E2%82%AC&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"sub_tag","tag_id":4},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974,"colour":"","price":"5.000,00 €"},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Car',
    format: 'notify',
    form: '&object_type_id=10001&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"sub_tag","tag_id":4},"data":{"id":31},"timestamp":1514940140}',
  },
  {
    topic: 'sub_tag(4)',
    objectType: 'Car',
    format: 'lightweight',
    form: '&object_type_id=10001&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"sub_tag","tag_id":4},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Contact',
    format: undefined,
    form: '&object_type_id=0&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&data%5Bphone%5D=&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com","phone":""},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Contact',
    format: 'notify',
    form: '&object_type_id=0&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":8},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Contact',
    format: 'lightweight',
    form: '&object_type_id=0&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
    json: ',"object_type_id":0,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com"},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Car',
    format: undefined,
    form: '&object_type_id=10001&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&data%5Bcolour%5D=&data%5Bprice%5D=5.000%2C00+%E2%82%AC&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974,"colour":"","price":"5.000,00 €"},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Car',
    format: 'notify',
    form: '&object_type_id=10001&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":31},"timestamp":1514940140}',
  },
  {
    topic: 'unsub_tag(4)',
    objectType: 'Car',
    format: 'lightweight',
    form: '&object_type_id=10001&event%5Btype%5D=unsub_tag&event%5Btag_id%5D=4&data%5Bid%5D=31&data%5Bmake%5D=Citro%C3%ABn&data%5Bmodel%5D=2+CV&data%5Byear%5D=1974&timestamp=1514940140',
    json: ',"object_type_id":10001,"event":{"type":"unsub_tag","tag_id":4},"data":{"id":31,"make":"Citroën","model":"2 CV","year":1974},"timestamp":1514940140}',
  },
];
