-- A role and a database of its own for every service that keeps data.
CREATE ROLE users LOGIN PASSWORD 'users';
CREATE DATABASE users OWNER users;
CREATE ROLE orders LOGIN PASSWORD 'orders';
CREATE DATABASE orders OWNER orders;
CREATE ROLE inventory LOGIN PASSWORD 'inventory';
CREATE DATABASE inventory OWNER inventory;
