/** The one account of this CRM. A CRM with many customers passes the id of the customer whose record it is. */
export const accountId = 1;
