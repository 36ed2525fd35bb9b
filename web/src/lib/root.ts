// Where the dashboard stands: the path of <base>, which the server writes into the page. Ends with a slash.
const base = document.querySelector('base')?.getAttribute('href');
export const root = base ? new URL(base, window.location.origin).pathname : '/';
